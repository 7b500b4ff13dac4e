package architecture

import (
	"slices"
	"testing"
)

// TestArchitecture runs every rule over the module.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	h, err := Load(".")
	if h == nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Errorf("not everything compiles, so the rules see only a part:\n%v", err)
	}
	// A loader that finds nothing would let every rule pass.
	for _, want := range []string{"internal/architecture/skips.go", "internal/architecture/architecture_test.go", "internal/devtool/testall/process_other.go"} {
		if !slices.ContainsFunc(h.Packages, func(p *Package) bool {
			return slices.ContainsFunc(p.Files, func(f *File) bool { return f.Path == want && f.Info != nil })
		}) {
			t.Fatalf("%s was not loaded", want)
		}
	}
	for _, rule := range Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			t.Parallel()
			report := rule.Check(h)
			for _, exempted := range report.Exempted {
				t.Log("exempted: " + exempted)
			}
			for _, violation := range report.Violations {
				t.Error(violation)
			}
		})
	}
}
