package scope

import (
	"context"

	"github.com/fxhost/fxhost/internal/ambient"
)

// NewContext returns a context that carries s, for code that has only the context of
// a request or message. Constructors do not need it: they take what they use.
func NewContext(ctx context.Context, s *Scope) context.Context {
	return context.WithValue(ctx, ambient.Key{}, s)
}

// From returns the scope that ctx carries, and whether there is one.
func From(ctx context.Context) (*Scope, bool) {
	s, ok := ctx.Value(ambient.Key{}).(*Scope)
	return s, ok
}
