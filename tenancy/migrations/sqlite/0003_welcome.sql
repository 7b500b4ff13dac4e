-- What an organization says to its new people besides the words of the mail itself; '' for nothing.
ALTER TABLE veranda_organizations ADD COLUMN welcome TEXT NOT NULL DEFAULT '';
