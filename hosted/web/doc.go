// Package web serves HTTP as a hosted service, with a scope for each request.
//
// [AddServer] makes an http.Server of any http.Handler, which starts last and stops
// first, and lets no request fail when it does:
//
//	builder.Add(web.AddServer("public", NewRouter))
//
// It listens where section Servers:public of the configuration says ([Settings]), with
// limits against slow clients, and hands each request to the handler with a scope,
// which [Get] opens. [Scopes] does that for a server of your own.
package web
