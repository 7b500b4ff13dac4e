package apps

import (
	"strings"
)

// placeTexts are the statements on the records of an application. Their first placeholders are always the organization's id
// and the application's, and all of them speak of both, also where the table is the application's own: a table that is not
// theirs gives nothing.
//
// The templates have words in braces:
//
//	{records}   the table
//	{r}         the condition for the application's records, of the table called r; {mine} of the table without a name
//	{columns}   the columns that name the application, with a comma behind; {values} what goes there
//	{given}     what is left of the condition where no record is there yet
type placeTexts struct {
	// from is what lists begin with after their columns, and {r} stands in where.
	from, where string
	// one reads a record; cursor also one in the trash, which still says where a page began.
	one, cursor string
	// lock reads records by their ids and holds them; hold so that they are not deleted; read does not.
	lock, hold, read string
	// insert and update are for lists of storedRow; at and by are those of all.
	insertOne, updateOne, insert, update string
	// toTrash and fromTrash move records by their ids.
	toTrash, drop, fromTrash string
	// setDocs changes documents and what records are searched by, and nothing else.
	setDocs string
	// walk reads a batch of all, count counts up to a limit, size counts all.
	walk, count string
	markAll     string
	purgeSome   string
}

const bareColumns = `id, version, created_at, created_by, changed_at, changed_by, doc, search`

var placePostgres = placeTexts{
	from:      ` FROM {records} r`,
	where:     `{r}`,
	one:       `SELECT ` + recordColumns + ` FROM {records} r WHERE {r} AND r.id = $3`,
	cursor:    cursorText,
	lock:      readPostgres + ` FOR NO KEY UPDATE`,
	hold:      readPostgres + ` FOR KEY SHARE`,
	read:      readPostgres,
	insertOne: `INSERT INTO {records} ({columns}` + bareColumns + `) VALUES ({values}$3, 1, $4, $5, $4, $5, $6, $7)`,
	updateOne: updateOneText,
	insert: `INSERT INTO {records} ({columns}` + bareColumns + `)
SELECT {values}(v->>'i')::uuid, 1, $3::bigint, $4::text, $3::bigint, $4::text, v->'d', v->>'s' FROM jsonb_array_elements($5::jsonb) v WHERE {given}`,
	update: `UPDATE {records} r SET version = (v->>'v')::bigint, changed_at = $3, changed_by = $4, doc = v->'d', search = v->>'s'
FROM jsonb_array_elements($5::jsonb) v WHERE {r} AND r.id = (v->>'i')::uuid`,
	toTrash: `INSERT INTO veranda_record_trash (` + plainColumns + `, deleted_at, deleted_by)
SELECT $1::uuid, $2::uuid, id, version + 1, created_at, created_by, changed_at, changed_by, doc, search, $3::bigint, $4::text FROM {records}
WHERE {mine} AND id = ANY (SELECT value::uuid FROM jsonb_array_elements_text($5::jsonb))`,
	drop:      `DELETE FROM {records} WHERE {mine} AND id = ANY (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb))`,
	fromTrash: fromTrashText,
	setDocs: `UPDATE {records} r SET doc = v->'d', search = v->>'s'
FROM jsonb_array_elements($3::jsonb) v WHERE {r} AND r.id = (v->>'i')::uuid`,
	walk:      walkText,
	count:     countText,
	markAll:   `INSERT INTO veranda_record_stale (org_id, app_id, record_id, id) SELECT $1::uuid, $2::uuid, r.id, $3::uuid FROM {records} r WHERE {r}`,
	purgeSome: purgeSomeText,
}

var placeSQLite = placeTexts{
	from:      ` FROM {records} r`,
	where:     `{r}`,
	one:       `SELECT ` + recordColumns + ` FROM {records} r WHERE {r} AND r.id = $3`,
	cursor:    cursorText,
	lock:      readSQLite,
	hold:      readSQLite,
	read:      readSQLite,
	insertOne: `INSERT INTO {records} ({columns}` + bareColumns + `) VALUES ({values}$3, 1, $4, $5, $4, $5, $6, $7)`,
	updateOne: updateOneText,
	insert: `INSERT INTO {records} ({columns}` + bareColumns + `)
SELECT {values}v.value->>'i', 1, $3, $4, $3, $4, v.value->'d', v.value->>'s' FROM json_each($5) v WHERE {given}`,
	update: `UPDATE {records} AS r SET version = v.value->>'v', changed_at = $3, changed_by = $4, doc = v.value->'d', search = v.value->>'s'
FROM json_each($5) v WHERE {r} AND r.id = v.value->>'i'`,
	toTrash: `INSERT INTO veranda_record_trash (` + plainColumns + `, deleted_at, deleted_by)
SELECT $1, $2, id, version + 1, created_at, created_by, changed_at, changed_by, doc, search, $3, $4 FROM {records}
WHERE {mine} AND id IN (SELECT value FROM json_each($5))`,
	drop:      `DELETE FROM {records} WHERE {mine} AND id IN (SELECT value FROM json_each($3))`,
	fromTrash: fromTrashText,
	setDocs: `UPDATE {records} AS r SET doc = v.value->'d', search = v.value->>'s'
FROM json_each($3) v WHERE {r} AND r.id = v.value->>'i'`,
	walk:      walkText,
	count:     countText,
	markAll:   `INSERT INTO veranda_record_stale (org_id, app_id, record_id, id) SELECT $1, $2, r.id, $3 FROM {records} r WHERE {r}`,
	purgeSome: purgeSomeText,
}

const (
	// What is made for a table of its own in the place of VALUES, so that the text speaks of the application.
	insertOwnPG = `INSERT INTO {records} (` + bareColumns + `) SELECT $3::uuid, 1, $4::bigint, $5::text, $4::bigint, $5::text, $6::jsonb, $7::text WHERE {given}`
	insertOwn   = `INSERT INTO {records} (` + bareColumns + `) SELECT $3, 1, $4, $5, $4, $5, $6, $7 WHERE {given}`

	updateOneText = `UPDATE {records} SET version = $4, changed_at = $5, changed_by = $6, doc = $7, search = $8 WHERE {mine} AND id = $3`

	readPostgres = `SELECT ` + recordColumns + ` FROM {records} r WHERE {r} AND r.id = ANY (SELECT value::uuid FROM jsonb_array_elements_text($3::jsonb)) ORDER BY r.id`
	readSQLite   = `SELECT ` + recordColumns + ` FROM {records} r WHERE {r} AND r.id IN (SELECT value FROM json_each($3)) ORDER BY r.id`

	cursorText = `SELECT ` + recordColumns + ` FROM {records} r WHERE {r} AND r.id = $3
UNION ALL SELECT ` + recordColumns + ` FROM veranda_record_trash r WHERE r.org_id = $1 AND r.app_id = $2 AND r.id = $3`

	fromTrashText = `INSERT INTO {records} ({columns}` + bareColumns + `)
SELECT {values}id, version + 1, created_at, created_by, $4, $5, doc, search FROM veranda_record_trash WHERE org_id = $1 AND app_id = $2 AND id = $3`

	walkText      = `SELECT ` + recordColumns + ` FROM {records} r WHERE {r} AND r.id > $3 ORDER BY r.id LIMIT $4`
	countText     = `SELECT count(*) FROM (SELECT 1 FROM {records} r WHERE {r} LIMIT $3) counted`
	purgeSomeText = `DELETE FROM {records} WHERE {mine} AND id IN (SELECT r.id FROM {records} r WHERE {r} ORDER BY r.id LIMIT $3)`

	logText = `INSERT INTO veranda_app_move_log (org_id, app_id, record_id)
SELECT $1::uuid, $2::uuid, value::uuid FROM jsonb_array_elements_text($3::jsonb)`
	// Records that are in both tables are written in both.
	mirrorDrop = `DELETE FROM {to.records} WHERE {to.mine} AND id IN (SELECT value FROM json_each($3))`
	mirrorPut  = `INSERT INTO {to.records} ({to.columns}` + bareColumns + `) SELECT {to.values}` + bareColumns + ` FROM {records}
WHERE {mine} AND id IN (SELECT value FROM json_each($3)) AND id <= (SELECT m.mark FROM veranda_app_moves m WHERE m.org_id = $1 AND m.app_id = $2)`
)

// templates are the texts for the shared table or one of its own.
func templates(postgres, own bool) placeTexts {
	switch {
	case postgres && own:
		texts := placePostgres
		texts.insertOne = insertOwnPG
		return texts
	case postgres:
		return placePostgres
	case own:
		texts := placeSQLite
		texts.insertOne = insertOwn
		return texts
	}
	return placeSQLite
}

// wordsOf are the words of the templates, each before what it stands for: of a home, or of the shared table where that is
// nil. A prefix tells those of a second table apart.
func wordsOf(postgres bool, app ID, h *home, prefix string) []string {
	table, r, mine, given := "veranda_records", "r.org_id = $1 AND r.app_id = $2", "org_id = $1 AND app_id = $2", "TRUE"
	columns, values := "org_id, app_id, ", "$1, $2, "
	if postgres {
		values = "$1::uuid, $2::uuid, "
	}
	if h != nil {
		// Ids have no quotes in them.
		mine = "$1 IS NOT NULL AND $2 = '" + app.String() + "'"
		if postgres {
			mine = "$1::uuid IS NOT NULL AND $2::uuid = '" + app.String() + "'::uuid"
		}
		table, r, given, columns, values = tableOf(app, h), mine, mine, "", ""
	}
	return []string{
		"{" + prefix + "records}", table, "{" + prefix + "r}", r, "{" + prefix + "mine}", mine,
		"{" + prefix + "given}", given, "{" + prefix + "columns}", columns, "{" + prefix + "values}", values,
	}
}

// fill puts the words in.
func (t placeTexts) fill(words []string) placeTexts {
	with := strings.NewReplacer(words...)
	for _, text := range []*string{
		&t.from, &t.where, &t.one, &t.cursor, &t.lock, &t.hold, &t.read, &t.insertOne, &t.updateOne, &t.insert, &t.update,
		&t.toTrash, &t.drop, &t.fromTrash, &t.setDocs, &t.walk, &t.count, &t.markAll, &t.purgeSome,
	} {
		*text = with.Replace(*text)
	}
	return t
}
