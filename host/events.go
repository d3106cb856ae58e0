package host

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"go.uber.org/fx/fxevent"

	"github.com/fxhost/fxhost/internal/startup"
)

// buildEvents listens to fx while it builds, so that its errors can be told in
// terms of the application's own lines.
type buildEvents struct {
	next     fxevent.Logger
	provided map[string][]string // by type, the stack that called fx.Provide
	failed   string              // place of the option that failed
}

func newBuildEvents(next fxevent.Logger) *buildEvents {
	return &buildEvents{next: next, provided: map[string][]string{}}
}

func (b *buildEvents) logger() fxevent.Logger { return b }

// LogEvent is called by fx, on the goroutine that builds.
func (b *buildEvents) LogEvent(event fxevent.Event) {
	switch e := event.(type) {
	case *fxevent.Provided:
		if e.Err != nil && b.failed == "" {
			b.failed = userFrame(frames(e.StackTrace))
		}
		for _, t := range e.OutputTypeNames {
			b.provided[t] = e.StackTrace
		}
	case *fxevent.Supplied:
		if e.Err == nil {
			b.provided[e.TypeName] = e.StackTrace
		} else if b.failed == "" {
			b.failed = userFrame(frames(e.StackTrace))
		}
	case *fxevent.Invoked:
		if e.Err != nil {
			b.failed = userFrame(e.Trace)
		}
	}
	b.next.LogEvent(event)
}

// frames turns fx's "function (file:line)" into lines of a stack trace.
func frames(stack []string) string {
	var text strings.Builder
	for _, frame := range stack {
		function, place, _ := strings.Cut(frame, " (")
		fmt.Fprintf(&text, "%s\n\t%s\n", function, strings.TrimSuffix(place, ")"))
	}
	return text.String()
}

// buildError is an error of fx in fewer words.
type buildError struct {
	text string
	err  error
}

func (e *buildError) Error() string { return "host: build: " + e.text }
func (e *buildError) Unwrap() error { return e.err }

var (
	// callTrace is what fx puts in front of a failed option: a stack trace.
	callTrace = regexp.MustCompile(`(?s)^fx\.\w+\(.*?Failed: `)
	// ownFunction is about a function that asks fx for something and is ours.
	ownFunction = regexp.MustCompile(`(could not build arguments|missing dependencies) for function ` +
		`"(?:github\.com/fxhost/fxhost/hosted|reflect)"\.\S+ \([^)]*\): `)
	// captive is a singleton that takes a scoped value: fx has no unitOfWork.
	captive = regexp.MustCompile(`(?:function "[^"]*?([^"/]+)"\.(\S+) \(([^)]+)\): )?failed to build ([^:]+): ` +
		`missing dependencies for function "[^"]+"\.(\S+) \(([^)]+)\): missing type: scope\.unitOfWork`)
	scopeItself = regexp.MustCompile(`function "[^"]*?([^"/]+)"\.(\S+) \(([^)]+)\): missing type: \*scope\.Scope`)
	options     = regexp.MustCompile(`\*config\.(?:Monitor|Options|Snapshot)\[(\S+)\]`)
	duplicate   = regexp.MustCompile(`cannot provide (\S+) from .*already provided by `)
	missing     = regexp.MustCompile(`missing types?: (\S+)`)
)

// explain makes a short text of what fx says about a failed build, with the
// application's lines in it and what to do. fx's own error is wrapped.
func (b *buildEvents) explain(err error) error {
	if err == nil {
		return nil
	}
	text := brief(err)
	failed := b.failed
	if failed == "" || failed == unknownPlace { // the application has an fxevent.Logger of its own
		failed = "one of its options"
	}
	at := ""
	if b.failed != "" {
		at = " (registered at " + b.failed + ")"
	}
	invalid := new(startup.Error)
	switch {
	case errors.As(err, &invalid):
		return &buildError{invalid.Error(), err} // says it all
	case captive.MatchString(text):
		text = captured(captive.FindStringSubmatch(text)) + at
	case scopeItself.MatchString(text):
		m := scopeItself.FindStringSubmatch(text)
		text = fmt.Sprintf("%s.%s (%s) makes a singleton and cannot take a *scope.Scope: "+
			"take a *scope.Factory and open a scope for each unit of work", m[1], m[2], m[3])
	case strings.Contains(text, "cannot provide *hosted.Runner "):
		text = "*hosted.Runner is provided twice: package host runs the services: remove hosted.Module() or host.Module() at " + failed
	case duplicate.MatchString(text):
		t := duplicate.FindStringSubmatch(text)[1]
		first := userFrame(frames(b.provided[t]))
		if o := options.FindStringSubmatch(t); o != nil {
			text = fmt.Sprintf("%s is configured twice, by %s and by %s: remove one; "+
				"config.ConfigureNamed has several sections of one type", o[1], first, failed)
			break
		}
		if first == unknownPlace {
			first = "package host"
		}
		text = fmt.Sprintf("%s is provided twice, by %s and by %s: remove one "+
			"(fx.Decorate changes what is there; hosted.AddInstance has several services of one type)", t, first, failed)
	case missing.MatchString(text) && options.MatchString(missing.FindString(text)):
		o := options.FindStringSubmatch(missing.FindString(text))
		text += fmt.Sprintf(": add config.Configure[%s] with the name of a section", strings.TrimRight(o[1], "]"))
		text += at
	case missing.MatchString(text):
		text += ": add a constructor of it with fx.Provide" + at
	case strings.HasPrefix(text, "hosted: "), strings.HasPrefix(text, "scope: "):
		// says it all
	default:
		text += at
	}
	return &buildError{text, err}
}

// brief is the text of fx's error without stack traces and functions of ours.
func brief(err error) string {
	return ownFunction.ReplaceAllString(callTrace.ReplaceAllString(err.Error(), ""), "")
}

// captured tells who takes which scoped value, and who makes that (DI-10).
func captured(m []string) string {
	who := "a function"
	if m[1] != "" {
		who = fmt.Sprintf("%s.%s (%s)", m[1], m[2], m[3])
	}
	return fmt.Sprintf("%s makes a singleton and cannot take the scoped %s, which %s (%s) makes anew for each unit of work: "+
		"take a *scope.Factory, open a scope for each unit of work, and get it from there", who, m[4], m[5], m[6])
}
