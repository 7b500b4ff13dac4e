package dnstest_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"github.com/veranda-go/veranda/internal/dnstest"
)

// The server is as faithful as the tests need: the standard library's resolver understands it.
func TestServer(t *testing.T) {
	t.Parallel()
	d := dnstest.New(t)
	long := strings.Repeat("x", 300)
	d.Set("many.example", []string{"one"}, []string{long[:255], long[255:]}, []string{strings.Repeat("y", 255), strings.Repeat("z", 200)})
	d.Fail("broken.example", true, false)
	values, err := d.Resolver().LookupTXT(context.Background(), "many.example.")
	if err != nil {
		t.Fatal(err)
	}
	if len(values) != 3 || values[0] != "one" || values[1] != long {
		t.Errorf("values %q", values)
	}
	if asked := d.Questions(); len(asked) != 2 || asked[1] != "tcp many.example." {
		t.Errorf("an answer of 700 octets was not asked for by TCP: %v", asked)
	}
	var failure *net.DNSError
	if _, err := d.Resolver().LookupTXT(context.Background(), "none.example."); !errors.As(err, &failure) || !failure.IsNotFound {
		t.Errorf("a name that does not exist: %v", err)
	}
	if _, err := d.Resolver().LookupTXT(context.Background(), "broken.example."); !errors.As(err, &failure) || failure.IsNotFound || !failure.IsTemporary {
		t.Errorf("a server that fails: %v", err)
	}
}
