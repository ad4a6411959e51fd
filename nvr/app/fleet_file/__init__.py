"""Lists of cameras as towns have them: CSV or XLSX, headings in French or English."""
