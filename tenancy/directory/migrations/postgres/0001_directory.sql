-- The search index of the directory: what of a member can be searched for, kept with every change of it. It decides
-- nothing: who belongs where, and who sees whom, is read from tenancy's own tables with every search.
--
-- words and domains are what everybody finds a person by who sees them, domains by three letters or more; inside, the words of
-- the user name, and phones are for those inside the organization. All are folded, each word behind a space. terms are the keys of the rows in veranda_directory_terms. Sorting is by bytes, so
-- that both databases agree.
CREATE TABLE veranda_directory_people (
	org_id UUID NOT NULL,
	account_id UUID NOT NULL,
	sort_key TEXT COLLATE "C" NOT NULL,
	words TEXT NOT NULL,
	domains TEXT NOT NULL,
	inside TEXT NOT NULL,
	phones TEXT NOT NULL,
	terms TEXT NOT NULL,
	PRIMARY KEY (org_id, account_id)
);
CREATE INDEX veranda_directory_people_sort ON veranda_directory_people (org_id, sort_key, account_id);

-- A row for every whole word of a person, and for its first one, two and three letters: a short beginning that many share
-- is then a range in the order of names.
CREATE TABLE veranda_directory_terms (
	org_id UUID NOT NULL,
	term TEXT COLLATE "C" NOT NULL,
	sort_key TEXT COLLATE "C" NOT NULL,
	account_id UUID NOT NULL,
	PRIMARY KEY (org_id, term, sort_key, account_id)
);

-- The words of an organization by what remains of their beginnings when a letter is left out: two beginnings that are one
-- slip apart have something in common here. Words nobody has any more do no harm; a rebuild removes them.
CREATE TABLE veranda_directory_words (
	org_id UUID NOT NULL,
	fragment TEXT COLLATE "C" NOT NULL,
	word TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (org_id, fragment, word)
);

-- Which version of the index stands: one row.
CREATE TABLE veranda_directory_state (
	one BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
	version BIGINT NOT NULL
);
INSERT INTO veranda_directory_state (one, version) VALUES (1, 0);

-- Members with more or other roles than an employee's, and those who are no employees: few, and looked for.
CREATE INDEX veranda_directory_roles ON veranda_memberships (org_id, account_id) WHERE roles <> 'employee' OR team_roles <> '';

-- Pictures of people as they are shown: JPEG. etag is the beginning of the SHA-256 of image.
CREATE TABLE veranda_directory_pictures (
	account_id UUID NOT NULL PRIMARY KEY REFERENCES veranda_accounts (id),
	etag TEXT NOT NULL,
	image BYTEA NOT NULL,
	updated_at TIMESTAMPTZ NOT NULL
);
