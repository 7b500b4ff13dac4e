-- Views: ways to look at an application's records. design is what they show and how, as JSON; a personal view is its owner's
-- alone. dated tells that the view shows records in time, and shared or locked ones are shown in calendars.
CREATE TABLE veranda_app_views (
	org_id UUID NOT NULL,
	app_id UUID NOT NULL,
	id UUID NOT NULL,
	owner_id UUID REFERENCES veranda_accounts (id),
	kind TEXT NOT NULL,
	sharing TEXT COLLATE "C" NOT NULL,
	name TEXT NOT NULL,
	design TEXT NOT NULL,
	dated BOOLEAN NOT NULL,
	created_at TIMESTAMPTZ NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL,
	version BIGINT NOT NULL,
	PRIMARY KEY (org_id, app_id, id),
	FOREIGN KEY (org_id, app_id) REFERENCES veranda_apps (org_id, id)
);
CREATE INDEX veranda_app_views_dated ON veranda_app_views (org_id, app_id, id) WHERE dated;
