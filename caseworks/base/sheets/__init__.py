"""Files of rows, CSV and xlsx: what a column holds, reading in bounded memory, writing without formulas."""
