package architecture

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

const bunPath = "github.com/uptrace/bun"

var beginners = []string{"Begin", "BeginTx", "RunInTx"}

// checkNesting keeps transactions in the root package's hands.
//
// bun rolls a savepoint back with the caller's context: once that is cancelled the
// rollback fails and the outer transaction commits what should be gone. The root
// package's Tx makes its own savepoints, so bun.Tx (and bun.IDB, which may hold
// one) begin nothing. In a domain nothing else begins a transaction either, because
// events and outbox rows travel only with the root package's; a test may, as the
// host it plays.
func checkNesting(h *House) (report Report) {
	h.eachFile(func(p *Package, f *File) {
		top := topDirectory(p.Path)
		if top == "internal" || top == "examples" || (top == "" && strings.HasPrefix(f.base(), "tx")) {
			return
		}
		ast.Inspect(f.Syntax, func(node ast.Node) bool {
			selector, ok := node.(*ast.SelectorExpr)
			if !ok || !slices.Contains(beginners, selector.Sel.Name) {
				return true
			}
			method, ok := f.Info.Uses[selector.Sel].(*types.Func)
			if !ok {
				return true
			}
			switch receiver := receiverName(method); {
			case declaredIn(method, bunPath) && (receiver == "Tx" || receiver == "IDB"):
				report.add(h.place(f, selector.Sel.Pos()), "bun.%s.%s nests by bun's own savepoints: use the InTx of veranda.Tx", receiver, method.Name())
			case (declaredIn(method, bunPath) || declaredIn(method, "database/sql")) && isDomain(p.Path) && !f.Test:
				report.add(h.place(f, selector.Sel.Pos()), "%s.%s begins a transaction that carries no events: use veranda.DB.InTx", receiver, method.Name())
			}
			return true
		})
	})
	return report
}

// receiverName is the name of the type that declares a method, "" for a function.
func receiverName(method *types.Func) string {
	receiver := method.Signature().Recv()
	if receiver == nil {
		return ""
	}
	of := receiver.Type()
	if pointer, ok := of.(*types.Pointer); ok {
		of = pointer.Elem()
	}
	if named, ok := of.(*types.Named); ok {
		return named.Obj().Name()
	}
	return ""
}
