"""Tables in files: text, arrays and Parquet as columns with names, and panels as tables."""
