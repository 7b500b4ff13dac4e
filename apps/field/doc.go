// Package field is what a column of an application is: its kind, its rules, and how its values are read, kept, compared
// and shown. It knows no database and no person; package apps keeps the records.
//
// A [Field] is a definition. [NewSet] makes the fields of one application ready for use: it reads records as the API gives
// them ([Set.Parse]), shows them ([Set.Show]), and says what changed between two of them ([Changed]).
//
//	fields := []field.Field{{Key: "name", Name: "Name", Kind: field.Text, Required: true, Slot: "f1"}}
//	set, err := field.NewSet(fields)
//	doc, err := set.Parse(map[string]json.RawMessage{"name": []byte(`"Ada"`)}, nil, field.Now{At: time.Now()})
//
// # The document
//
// What a record says is one [Doc]: for each field a value in the field's slot, absent where it is empty. Slots are never
// used again, so that a field can be taken away, restored and retyped without touching its old values.
//
//   - Texts lie in their slot as written and, under the slot's name and "~", in folded form ([Fold]), by which they are
//     compared: neither case nor accents count, on any database.
//   - Numbers are whole numbers, scaled by the field's decimals: 12.50 of a field with two decimals is 1250. Nothing goes
//     through floating point, so money is exact. The least int64 is no value: it stands for "empty" where values are compared.
//   - Dates and moments are texts of fixed width, which compare as moments do. Checkboxes are 1 or absent.
//   - What can hold several values is a list of texts.
//
// # Shape in the API
//
// Texts are JSON strings; number, percent, rating and auto-number are JSON numbers, written with their exact decimals;
// currency is a string ("12.50"), for most readers of JSON keep numbers as floating point; date is "2026-11-24", date_time
// is RFC 3339 in UTC; checkbox is true or false; select is a choice's id (its name is taken too), multi_select a list of
// them; person is an account's id, or a list where several are allowed. Empty is null.
package field
