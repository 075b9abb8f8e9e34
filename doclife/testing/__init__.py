"""The testing kit: a pytest plugin and its helpers, for doclife and for apps."""
