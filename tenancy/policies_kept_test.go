package tenancy

import (
	"testing"

	"github.com/veranda-go/veranda"
)

// However many organizations have rows of their own, those of a few are kept compiled.
func TestCompiledRowsAreBounded(t *testing.T) {
	t.Parallel()
	p := &policies{}
	var last veranda.OrgID
	for range 3 * maxKept {
		last = veranda.NewOrgID()
		p.keep(last, &snapshot{})
		p.keep(last, &snapshot{org: 1})
	}
	kept := 0
	p.orgs.Range(func(any, any) bool { kept++; return true })
	if newest, ok := p.orgs.Load(last); kept != maxKept || p.kept != maxKept || !ok || newest.(*snapshot).org != 1 {
		t.Errorf("%d kept, %d counted, want %d, the newest among them: %v", kept, p.kept, maxKept, ok)
	}
}
