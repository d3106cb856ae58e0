package scope

import (
	"context"

	"github.com/fxhost/fxhost/internal/ambient"
)

// NewContext returns a context that carries s, the ambient scope of a request
// or message. Constructors do not need it: they take what they use. It allocates
// once.
func NewContext(ctx context.Context, s *Scope) context.Context {
	return context.WithValue(ctx, ambient.Key{}, s)
}

// From returns the scope that ctx carries; false if there is none. It takes what
// ctx.Value does, and allocates nothing.
func From(ctx context.Context) (*Scope, bool) {
	s, ok := ctx.Value(ambient.Key{}).(*Scope)
	return s, ok
}
