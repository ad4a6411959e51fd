"""Keys (docs/design/keys.md): the recorder seals, custodians share, the server unseals for a grant.

`seal`, `share` and `unseal` are three parties and never import each other.
"""
