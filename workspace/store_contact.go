package workspace

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
)

type queryFunc func(ctx context.Context, text string, args ...any) (*sql.Rows, error)

// scanContacts runs a text that begins with peopleSelect.
func scanContacts(ctx context.Context, query queryFunc, text string, args []any) ([]Contact, error) {
	rows, err := query(ctx, text, args...)
	if err != nil {
		return nil, fmt.Errorf("workspace: read people: %w", err)
	}
	defer func() { _ = rows.Close() }()
	contacts := []Contact{}
	for rows.Next() {
		var c Contact
		if err := rows.Scan(&c.Account, &c.Name, &c.Address, &c.Kind); err != nil {
			return nil, fmt.Errorf("workspace: read people: %w", err)
		}
		contacts = append(contacts, c)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("workspace: read people: %w", err)
	}
	return contacts, nil
}

// addressBeginning is the pattern of addresses that begin with the query; their keys are folded already.
func addressBeginning(query string) string { return escape.Replace(strings.ToLower(query)) + "%" }
