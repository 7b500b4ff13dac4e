-- Where an application's records lie: '' in the table that all share; otherwise what is told of a table of its own, and of
-- one that they are being moved to, as JSON.
ALTER TABLE veranda_apps ADD COLUMN tier TEXT NOT NULL DEFAULT '';

-- Moves of an application's records from one table to another. phase is 'copy' until the records are read where they were
-- moved to, then 'clean' until nothing is left where they were. Records up to the id mark are in both: who writes one of
-- them writes it in both. was is the tier they come from, and at when the phase began, in microseconds since 1970.
CREATE TABLE veranda_app_moves (
	org_id TEXT NOT NULL,
	app_id TEXT NOT NULL,
	phase TEXT NOT NULL CHECK (phase IN ('copy', 'clean')),
	mark TEXT NOT NULL,
	was TEXT NOT NULL,
	at INTEGER NOT NULL,
	PRIMARY KEY (org_id, app_id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
) WITHOUT ROWID, STRICT;
