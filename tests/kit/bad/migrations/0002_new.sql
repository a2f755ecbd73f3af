ALTER TABLE leaky_rows ADD COLUMN new TEXT;
UPDATE leaky_rows SET new = upper(old);
