package verandatest

import (
	"context"
	"reflect"
	"sync/atomic"
	"testing"

	"github.com/veranda-go/veranda"
)

// Denier is an Authorizer that refuses everything and counts how often it was asked. It reads as the one it wraps.
type Denier struct {
	veranda.Authorizer
	asked atomic.Int64
}

// NewDenier wraps an Authorizer.
func NewDenier(inner veranda.Authorizer) *Denier { return &Denier{Authorizer: inner} }

// Decide refuses.
func (d *Denier) Decide(context.Context, veranda.Conn, *veranda.Standing, veranda.Ask) error {
	d.asked.Add(1)
	return veranda.ErrForbidden
}

// Asked is how often Decide was called.
func (d *Denier) Asked() int64 { return d.asked.Load() }

// AskEveryMethod calls every exported method of a service that takes an Actor, with everything denied, and fails for each
// that did not ask the Denier or was not refused by it: a method that forgot to ask for permission. samples are inputs by
// method name, for methods whose zero input is invalid. free names exported methods that take no Actor, with the reason
// why; any other method without an Actor fails.
func AskEveryMethod(t *testing.T, service any, denier *Denier, samples map[string]any, free map[string]string) {
	t.Helper()
	value := reflect.ValueOf(service)
	actorType := reflect.TypeFor[veranda.Actor]()
	contextType := reflect.TypeFor[context.Context]()
	used := map[string]bool{}
	for i := range value.NumMethod() {
		name, method := value.Type().Method(i).Name, value.Method(i)
		shape := method.Type()
		if shape.NumIn() < 2 || shape.In(0) != contextType || shape.In(1) != actorType {
			if free[name] == "" {
				t.Errorf("%s takes no context and Actor: say in the test why it needs none", name)
			}
			used[name] = true
			continue
		}
		t.Run(name, func(t *testing.T) {
			arguments := []reflect.Value{reflect.ValueOf(context.Background()), reflect.ValueOf(veranda.AccountActor(veranda.NewAccountID()))}
			for n := 2; n < shape.NumIn(); n++ {
				argument := reflect.Zero(shape.In(n))
				if sample, ok := samples[name]; ok && n == 2 {
					argument = reflect.ValueOf(sample)
				}
				arguments = append(arguments, argument)
			}
			before := denier.Asked()
			results := method.Call(arguments)
			err, _ := results[len(results)-1].Interface().(error)
			if denier.Asked() == before {
				t.Errorf("%s did not ask for permission; it gave %v", name, err)
			}
			if err == nil {
				t.Errorf("%s did its work though everything is denied", name)
			} else if code := veranda.CodeOf(err); code != veranda.CodeForbidden && code != veranda.CodeNotFound && code != veranda.CodeUnauthenticated {
				t.Errorf("%s gave %v, want a refusal (give a valid sample input if its zero input is not)", name, err)
			}
			arguments[1] = reflect.ValueOf(veranda.Actor{})
			results = method.Call(arguments)
			if err, _ := results[len(results)-1].Interface().(error); veranda.CodeOf(err) != veranda.CodeUnauthenticated || err == nil {
				t.Errorf("%s gave the zero actor %v, want unauthenticated", name, err)
			}
		})
		used[name] = true
	}
	for name := range samples {
		if !used[name] {
			t.Errorf("there is a sample for %s, which does not exist", name)
		}
	}
	for name := range free {
		if !used[name] {
			t.Errorf("%s is excused and does not exist", name)
		}
	}
}
