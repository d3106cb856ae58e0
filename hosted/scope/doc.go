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
// A [Factory] runs units of work: [Do] and [Factory.Run] construct what a function
// takes, call it, and close what was constructed, newest first. [Factory.New]
// opens a scope that is asked by [Get] and closed by hand. Constructors take
// singletons, other scoped and transient values, the context.Context of the scope,
// *[Scope] and a *zap.Logger. Scopes are flat: one that is opened while another
// one is open knows nothing of it.
//
// Mistakes fail the build of the application, in every environment: a missing type,
// a cycle, two constructors for one type, a singleton that takes a scoped value.
//
// fx does not look at a singleton that nobody uses, so a mistake in one is found
// when somebody does. If a singleton takes a scoped value with an optional tag, fx
// builds it without the value; [ValidateApp], for tests, finds that too.
package scope
