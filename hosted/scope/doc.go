// Package scope provides units of work: a message, a request, one run of a job
// (.NET: dependency injection scopes).
//
// fx has singletons only. This package adds scoped values, which live as long as
// one unit of work, and transient values, which are constructed for each use:
//
//	fx.New(
//		scope.Module(), // package host includes it
//		fx.Provide(NewDB),
//		scope.Provide(NewTx, NewRepo, NewHandler), // one of each in every scope
//	)
//
//	err := factory.Run(ctx, func(h *Handler) error { return h.Handle(message) })
//
// A [Factory] runs units of work: [Do] and [Factory.Run] construct the parameters
// of a function, call it, and close what they constructed, newest first.
// [Factory.New] opens a scope for use with [Get]; the caller closes it. Constructors
// take singletons, other scoped and transient values, the context.Context of the
// scope, *[Scope] and a *zap.Logger. Scopes do not nest: a scope that is opened
// while another one is open is independent of it.
//
// Mistakes fail the build of the application, in every environment: a missing type
// ([MissingError]), a cycle ([CycleError]), two constructors for one type, and a
// singleton that takes a scoped value, even an optional one ([CaptiveError]).
//
// fx does not check a singleton that nothing uses, so a mistake in one is found only
// when something uses it. The same mistakes are errors of [ValidateApp], for tests,
// which calls no constructor.
package scope
