// Package scope is for units of work: a message, a request, one run of a job
// (.NET: dependency injection scopes).
//
// fx makes singletons only. This package adds values that live as long as one
// unit of work, and values that are made anew for each who asks:
//
//	fx.New(
//		scope.Module(), // package host has it already
//		fx.Provide(NewDB),
//		scope.Provide(NewTx, NewRepo, NewHandler), // one of each in every scope
//	)
//
//	err := factory.Run(ctx, func(h *Handler) error { return h.Handle(message) })
//
// A [Factory] opens scopes. What a scope needs is made when it is first asked
// for, by constructors that take singletons, other scoped and transient values,
// the context.Context of the scope, *[Scope] and a *zap.Logger, and closed when
// the scope is closed, newest first. Scopes are flat (DI-2): one that is opened
// while another is open knows nothing of it.
//
// Everything that can be wrong with the constructors is an error when the
// application is built, in every environment: a missing type, a cycle, two
// constructors for one type, a singleton that takes a scoped value.
//
// As with all that fx makes, a singleton which nobody uses is not looked at: one
// that takes a scoped value is an error once somebody uses it.
package scope
