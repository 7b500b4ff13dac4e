package messaging

// Reading moves one's pointer to the message the client saw, and counts what is one's own, deleted or hidden beyond it
// anew, with the conversation held. $3 is the person, $4 the number.
const (
	skipBeyond = `(SELECT count(*) FROM veranda_messages t WHERE t.org_id = $1 AND t.conversation_id = $2 AND t.n > $4
	AND (t.author_id = $3 OR t.deleted_at IS NOT NULL OR EXISTS (SELECT 1 FROM veranda_message_hidden h
		WHERE h.org_id = $1 AND h.conversation_id = $2 AND h.account_id = $3 AND h.n = t.n)))`
	movePointer = `UPDATE veranda_conversation_people SET read_n = $4, skip = ` + skipBeyond + ` WHERE org_id = $1 AND conversation_id = $2 AND account_id = $3`
	markRead    = movePointer + ` AND read_n < $4`
	markUnread  = movePointer + ` AND read_n > $4 AND from_n <= $4`
	readState   = `SELECT k.last_n, p.read_n, k.last_n - p.read_n - p.skip FROM veranda_conversation_people p
JOIN veranda_conversations k ON k.org_id = p.org_id AND k.id = p.conversation_id
WHERE p.org_id = $1 AND p.conversation_id = $2 AND p.account_id = $3`
)

// What is unread: ranges of the index by account, and a look-up of each conversation.
const (
	unreadInOrganization = `SELECT p.conversation_id, k.last_n - p.read_n - p.skip, p.muted FROM veranda_conversation_people p
JOIN veranda_conversations k ON k.org_id = p.org_id AND k.id = p.conversation_id
WHERE p.account_id = $2 AND p.org_id = $1 AND k.last_n - p.read_n - p.skip > 0`

	// An organization that is deleted, or where one is disabled, counts nothing.
	unreadEverywhere = `SELECT p.org_id, sum(k.last_n - p.read_n - p.skip), count(*) FROM veranda_conversation_people p
JOIN veranda_conversations k ON k.org_id = p.org_id AND k.id = p.conversation_id
WHERE p.account_id = $1 AND k.last_n - p.read_n - p.skip > 0 AND NOT p.muted
AND EXISTS (SELECT 1 FROM veranda_memberships m JOIN veranda_organizations o ON o.id = m.org_id AND o.deleted_at IS NULL
	WHERE m.org_id = p.org_id AND m.account_id = $1 AND m.disabled_at IS NULL)
GROUP BY p.org_id ORDER BY p.org_id`

	unreadOfFrom     = `SELECT p.account_id, sum(k.last_n - p.read_n - p.skip), count(*)`
	unreadOfPostgres = ` FROM unnest(string_to_array($2::text, ' ')::uuid[]) AS r (value)`
	unreadOfSQLite   = ` FROM json_each($2) r`
	unreadOfGroup    = ` JOIN veranda_conversation_people p ON p.account_id = r.value AND p.org_id = $1
JOIN veranda_conversations k ON k.org_id = p.org_id AND k.id = p.conversation_id
WHERE k.last_n - p.read_n - p.skip > 0 AND NOT p.muted GROUP BY p.account_id`

	readPreferences = `SELECT f.receipts FROM veranda_message_preferences f WHERE f.org_id = $1 AND f.account_id = $2`
	setPreferences  = `INSERT INTO veranda_message_preferences (org_id, account_id, receipts) VALUES ($1, $2, $3)
ON CONFLICT (org_id, account_id) DO UPDATE SET receipts = excluded.receipts`
)
