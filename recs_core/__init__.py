"""BookVerse's recommendation library: data, models, evaluation, explanations, bundles and serving."""
