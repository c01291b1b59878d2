"""`python -m bookverse`."""

from bookverse.app import app

if __name__ == "__main__":
    app(prog_name="bookverse")
