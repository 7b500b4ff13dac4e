package tasks

import (
	"reflect"
	"testing"
)

// Whatever a list takes, a saved filter keeps.
func TestFilterFieldsAreTheLists(t *testing.T) {
	t.Parallel()
	list, saved := reflect.TypeFor[ListInput](), reflect.TypeFor[FilterFields]()
	for i := range list.NumField() {
		switch name := list.Field(i).Name; name {
		case "Org", "Saved", "Page":
		default:
			if _, found := saved.FieldByName(name); !found {
				t.Errorf("a saved filter does not keep %s", name)
			}
		}
	}
	if want, got := list.NumField()-3, saved.NumField(); got != want {
		t.Errorf("a saved filter has %d fields, a list takes %d", got, want)
	}
	sorts := func(t reflect.Type) string {
		field, _ := t.FieldByName("Sort")
		return field.Tag.Get("enum")
	}
	if sorts(list) != sorts(saved) {
		t.Errorf("orders %q and %q", sorts(list), sorts(saved))
	}
}
