-- Which cluster this is; not everyone may ask.
SELECT system_identifier FROM pg_control_system()
