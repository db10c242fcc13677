"""Memory: every version of every document, and the relational trial store derived from them."""
