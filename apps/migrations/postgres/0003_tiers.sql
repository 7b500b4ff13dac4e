-- Where an application's records lie: '' in the table that all share; otherwise what is told of a table of its own, and of
-- one that they are being moved to, as JSON.
ALTER TABLE veranda_apps ADD COLUMN tier TEXT NOT NULL DEFAULT '';

-- Moves of an application's records from one table to another. phase is 'copy' until the records are read where they were
-- moved to, then 'clean' until nothing is left where they were. mark is the last id that was copied; was is the tier they
-- come from, and at when the phase began, in microseconds since 1970.
CREATE TABLE veranda_app_moves (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	phase TEXT NOT NULL CHECK (phase IN ('copy', 'clean')),
	mark TEXT COLLATE "C" NOT NULL,
	was TEXT NOT NULL,
	at BIGINT NOT NULL,
	PRIMARY KEY (org_id, app_id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
);

-- The records that were written while they were being copied. It must survive a crash as the records do.
CREATE TABLE veranda_app_move_log (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	seq BIGINT GENERATED ALWAYS AS IDENTITY,
	record_id UUID NOT NULL,
	PRIMARY KEY (org_id, app_id, seq)
);
