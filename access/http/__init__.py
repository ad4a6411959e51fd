"""The HTTP side of access: the status page. No picture is ever served here."""
