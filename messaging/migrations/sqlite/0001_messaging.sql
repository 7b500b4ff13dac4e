-- Conversations and what is said in them. last_n is the number of the last message, which a message takes with the row's
-- lock held: whatever changes what somebody has unread holds that lock. pair is "<account> <account>", the lesser first,
-- of a conversation of two without a subject, of which there is one for two people.
CREATE TABLE veranda_conversations (
	org_id TEXT NOT NULL,
	id TEXT NOT NULL,
	kind TEXT NOT NULL CHECK (kind IN ('direct', 'group')),
	pair TEXT,
	subject TEXT NOT NULL,
	created_by TEXT NOT NULL REFERENCES veranda_accounts (id),
	created_at INTEGER NOT NULL,
	last_n INTEGER NOT NULL,
	last_at INTEGER NOT NULL,
	people INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, id),
	UNIQUE (org_id, pair)
) STRICT;

-- Who takes part. unread = last_n - read_n - skip: read_n is the last message seen, skip counts what comes after it and is
-- one's own, deleted or hidden. Messages up to from_n are not shown: those before joining, or before the person deleted the
-- conversation for themselves (hidden, until there is a later message). archived_n is last_n when it was put away, -1 for
-- never.
CREATE TABLE veranda_conversation_people (
	org_id TEXT NOT NULL,
	conversation_id TEXT NOT NULL,
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	joined_at INTEGER NOT NULL,
	from_n INTEGER NOT NULL,
	read_n INTEGER NOT NULL,
	skip INTEGER NOT NULL,
	hidden INTEGER NOT NULL,
	muted INTEGER NOT NULL,
	pinned INTEGER NOT NULL,
	archived_n INTEGER NOT NULL,
	PRIMARY KEY (org_id, conversation_id, account_id),
	FOREIGN KEY (org_id, conversation_id) REFERENCES veranda_conversations (org_id, id)
) STRICT;
-- My conversations: account first, so that the counts of all one's organizations are a range.
CREATE INDEX veranda_conversation_people_account ON veranda_conversation_people (account_id, org_id, conversation_id);

-- A message is named by its number in the conversation. A deleted one stays as a row without content. thread_n is the
-- message a thread hangs on; reply_count and last_reply_n are kept at that one. links is a JSON list.
CREATE TABLE veranda_messages (
	org_id TEXT NOT NULL,
	conversation_id TEXT NOT NULL,
	n INTEGER NOT NULL,
	id TEXT NOT NULL,
	author_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	thread_n INTEGER,
	body TEXT NOT NULL,
	links TEXT NOT NULL,
	files INTEGER NOT NULL,
	created_at INTEGER NOT NULL,
	edited_at INTEGER,
	deleted_at INTEGER,
	reply_count INTEGER NOT NULL,
	last_reply_n INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, conversation_id, n),
	UNIQUE (org_id, id),
	FOREIGN KEY (org_id, conversation_id) REFERENCES veranda_conversations (org_id, id)
) STRICT;
CREATE INDEX veranda_messages_thread ON veranda_messages (org_id, conversation_id, thread_n, n) WHERE thread_n IS NOT NULL;

-- What a message said before it was edited, until it is deleted.
CREATE TABLE veranda_message_revisions (
	org_id TEXT NOT NULL,
	conversation_id TEXT NOT NULL,
	n INTEGER NOT NULL,
	version INTEGER NOT NULL,
	body TEXT NOT NULL,
	links TEXT NOT NULL,
	written_at INTEGER NOT NULL,
	PRIMARY KEY (org_id, conversation_id, n, version),
	FOREIGN KEY (org_id, conversation_id, n) REFERENCES veranda_messages (org_id, conversation_id, n)
) STRICT;

-- Messages that somebody deleted for themselves alone.
CREATE TABLE veranda_message_hidden (
	org_id TEXT NOT NULL,
	conversation_id TEXT NOT NULL,
	account_id TEXT NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (org_id, conversation_id, account_id, n),
	FOREIGN KEY (org_id, conversation_id, account_id) REFERENCES veranda_conversation_people (org_id, conversation_id, account_id) ON DELETE CASCADE,
	FOREIGN KEY (org_id, conversation_id, n) REFERENCES veranda_messages (org_id, conversation_id, n)
) STRICT, WITHOUT ROWID;

-- The words of messages in folded form: a search walks the ranges of one's own conversations.
CREATE TABLE veranda_message_words (
	org_id TEXT NOT NULL,
	conversation_id TEXT NOT NULL,
	word TEXT NOT NULL,
	n INTEGER NOT NULL,
	PRIMARY KEY (org_id, conversation_id, word, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX veranda_message_words_message ON veranda_message_words (org_id, conversation_id, n, word);

-- What somebody has begun to write: one for each conversation, and any for conversations yet to be started.
CREATE TABLE veranda_message_drafts (
	org_id TEXT NOT NULL,
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	id TEXT NOT NULL,
	conversation_id TEXT,
	recipients TEXT NOT NULL,
	workspace_id TEXT,
	subject TEXT NOT NULL,
	body TEXT NOT NULL,
	links TEXT NOT NULL,
	updated_at INTEGER NOT NULL,
	version INTEGER NOT NULL,
	PRIMARY KEY (org_id, account_id, id),
	UNIQUE (org_id, account_id, conversation_id),
	FOREIGN KEY (org_id, conversation_id, account_id) REFERENCES veranda_conversation_people (org_id, conversation_id, account_id) ON DELETE CASCADE
) STRICT;
CREATE INDEX veranda_message_drafts_updated ON veranda_message_drafts (org_id, account_id, updated_at, id);

-- Whether others see how far somebody has read, and they how far others have. No row: they do.
CREATE TABLE veranda_message_preferences (
	org_id TEXT NOT NULL,
	account_id TEXT NOT NULL REFERENCES veranda_accounts (id),
	receipts INTEGER NOT NULL,
	PRIMARY KEY (org_id, account_id)
) STRICT;
