"""The demo on the tiny data: real pipeline, real server, a printed answer."""

import signal
import subprocess
import sys

import httpx
from project_copy import Workspace, environment

DEMO = (sys.executable, "-m", "pipelines.demo")


def test_once_prints_an_explained_answer_and_exits(workspace: Workspace) -> None:
    said = workspace.run(*DEMO, "--once").stdout
    assert "knows" in said
    assert "Ten recommendations" in said
    assert "because you read “" in said
    assert all(model in said for model in ("hybrid", "content", "als"))
    assert "GraphQL page: http://127.0.0.1:" in said
    bought, _, after = said.partition(" buys ")[2].partition("; ")
    assert "the list is" in after
    assert bought in said.partition("Ten recommendations")[2]
    assert bought not in after.partition("GraphQL page")[0]


def test_it_serves_until_it_is_told_to_stop_and_leaves_nothing_behind(workspace: Workspace) -> None:
    with subprocess.Popen(
        DEMO, cwd=workspace.root, env=environment(workspace.root), stdout=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        url = ""
        for line in demo.stdout:
            if line.startswith("GraphQL page: "):
                url = line.split()[-1]
            if line.startswith("Serving until"):
                break
        assert httpx.post(url, json={"query": "{ bundle { version } }"}).json()["data"]["bundle"]["version"]
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=30) == 0
    try:
        httpx.get(url)
    except httpx.TransportError:
        return
    raise AssertionError("the server still answers")


def test_a_pipeline_that_fails_is_said_and_nothing_is_served(workspace: Workspace) -> None:
    before = (workspace.root / "params.yaml").read_text()
    try:
        workspace.change_params(lambda params: params["models"]["als"]["config"].update(factors="many"))
        done = workspace.run(*DEMO, "--once", check=False)
    finally:
        (workspace.root / "params.yaml").write_text(before)
        # DVC removes a stage's files before it runs it; the run cache has them
        workspace.dvc("repro")
    assert done.returncode == 1
    assert "models.als.config.factors" in done.stderr
    assert "demo failed: the pipeline failed" in done.stdout
    assert "GraphQL page" not in done.stdout
