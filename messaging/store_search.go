package messaging

import "strings"

// A search walks one's conversations, that with the latest message first, and in each the range of the words that begin with
// the query's longest one; the other words are looked up for each message found. So it reads words of one's own
// conversations and of nobody else's, and stops at a number of matches. $1 is the organization, $2 the reader, $3 the
// number of matches to look at, $4 and $5 the range of the longest word, $6 to $13 those of four more (empty for none), $14
// the message the page lies below, $15 its size; $16 the only conversation.
const (
	searchMine = `WITH hits AS MATERIALIZED (SELECT mine.conversation_id, w.n
FROM (SELECT p.conversation_id, p.from_n FROM veranda_conversation_people p JOIN veranda_conversations k ON k.org_id = p.org_id AND k.id = p.conversation_id
	WHERE p.account_id = $2 AND p.org_id = $1`
	searchInOne    = ` AND p.conversation_id = $16`
	searchOrder    = ` ORDER BY k.last_at DESC, k.id DESC LIMIT 1000000000) mine`
	searchPostgres = `
CROSS JOIN LATERAL (SELECT w.n FROM veranda_message_words w WHERE w.org_id = $1 AND w.conversation_id = mine.conversation_id
	AND w.word >= $4 AND w.word < $5 AND w.n > mine.from_n{others} LIMIT $3) w LIMIT $3)`
	searchSQLite = `
CROSS JOIN veranda_message_words w ON w.org_id = $1 AND w.conversation_id = mine.conversation_id
	AND w.word >= $4 AND w.word < $5 AND w.n > mine.from_n{others} LIMIT $3)`
	searchOther = ` AND ({first} = '' OR EXISTS (SELECT 1 FROM veranda_message_words x
	WHERE x.org_id = $1 AND x.conversation_id = w.conversation_id AND x.n = w.n AND x.word >= {first} AND x.word < {last}))`
	searchPage = `
SELECT f.conversation_id, (SELECT count(*) FROM hits), ` + messageColumns + `
FROM (SELECT DISTINCT h.conversation_id, h.n FROM hits h) f
JOIN veranda_messages t ON t.org_id = $1 AND t.conversation_id = f.conversation_id AND t.n = f.n
JOIN veranda_accounts a ON a.id = t.author_id
WHERE t.id < $14 AND ` + notHidden + ` ORDER BY t.id DESC LIMIT $15`
)

// searchText puts a text together from constants and placeholders.
func searchText(words, only string) string {
	var others strings.Builder
	for _, pair := range [][2]string{{"$6", "$7"}, {"$8", "$9"}, {"$10", "$11"}, {"$12", "$13"}} {
		others.WriteString(strings.NewReplacer("{first}", pair[0], "{last}", pair[1]).Replace(searchOther))
	}
	return searchMine + only + searchOrder + strings.Replace(words, "{others}", others.String(), 1) + searchPage
}
