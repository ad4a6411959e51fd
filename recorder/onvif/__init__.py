"""ONVIF, as much of it as a recorder needs: which cameras there are, what they are and stream, where they look."""
