"""Lists of patients: rows in, one result a row out, in order, none lost."""
