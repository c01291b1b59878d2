"""Which models of RecBole 1.2.1 the adapter trains; a test compares them with the package."""

from __future__ import annotations

from typing import Final

GENERAL: Final = frozenset(
    {
        *("ADMMSLIM", "AsymKNN", "BPR", "CDAE", "ConvNCF", "DGCF", "DMF", "DiffRec", "EASE", "ENMF"),
        *("FISM", "GCMC", "ItemKNN", "LDiffRec", "LINE", "LightGCN", "MacridVAE", "MultiDAE"),
        *("MultiVAE", "NAIS", "NCEPLRec", "NGCF", "NNCF", "NeuMF", "Pop", "RecVAE", "SGL"),
        *("SLIMElastic", "SimpleX", "SpectralCF"),
    }
)
"""Learn from who read what."""

SEQUENTIAL: Final = frozenset(
    {
        *("BERT4Rec", "CORE", "Caser", "DIN", "FEARec", "FOSSIL", "FPMC", "GCSAN", "GRU4Rec", "HGN"),
        *("HRM", "LightSANs", "NARM", "NPE", "NextItNet", "RepeatNet", "SASRec", "SHAN", "SINE"),
        *("SRGNN", "STAMP", "TransRec"),
    }
)
"""Learn from the order in which books were read, and need times."""

_FEATURES = "it learns from features of the books, which are not handed to RecBole"
_ANSWER = "it must be told the next book when it is asked for it"
_STAGES = "it must be trained in several stages, each from a file of the one before"

REFUSED: Final = {
    "DIEN": "it needs negative samples of whole sequences",
    "FDSA": _FEATURES,
    "GRU4RecCPR": _ANSWER,
    "GRU4RecF": _FEATURES,
    "GRU4RecKG": "it needs vectors of a knowledge graph",
    "KSR": "it needs vectors of a knowledge graph",
    "NCL": "it needs the package faiss",
    "RaCT": _STAGES,
    "Random": "it learns nothing",
    "S3Rec": _STAGES,
    "SASRecCPR": _ANSWER,
    "SASRecF": _FEATURES,
}
"""RecBole's general and sequential models that the adapter does not train, and why."""
