package verandatest

import (
	"errors"

	"github.com/veranda-go/veranda"
)

// Fields are the bad fields an error names.
func Fields(err error) []veranda.FieldError {
	var e *veranda.Error
	if !errors.As(err, &e) {
		return nil
	}
	return e.Fields
}
