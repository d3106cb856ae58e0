package host

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.uber.org/dig"

	"github.com/fxhost/fxhost/hosted/scope"
	"github.com/fxhost/fxhost/internal/startup"
)

// buildError is an error of fx in fewer words.
type buildError struct {
	text string
	err  error
}

func (e *buildError) Error() string { return "host: build: " + e.text }
func (e *buildError) Unwrap() error { return e.err }

// explain makes a short text of what fx says about a failed build, with the
// application's lines in it and what to do. fx's own error is wrapped.
func (b *buildEvents) explain(err error) error {
	if err == nil {
		return nil
	}
	return &buildError{b.text(err), err}
}

// hidden is how many of dig's errors are about the constructor by which package scope
// tells fx of a scoped type.
const hidden = 4

func (b *buildEvents) text(err error) string {
	if invalid := new(startup.Error); errors.As(err, &invalid) {
		return invalid.Error() // says it all
	}
	var first dig.Error
	if !errors.As(err, &first) {
		if b.failed.own() {
			return plain(err) // has its place
		}
		return plain(err) + b.at()
	}
	chain, end := unwrap(first)
	if text, ok := b.twice(chain); ok {
		return text
	}
	missing, ok := strings.CutPrefix(end, "missing type")
	captive := new(scope.CaptiveError)
	switch {
	case errors.As(err, &captive) && len(chain) >= hidden:
		return b.join(chain[:len(chain)-hidden], strings.TrimPrefix(captive.Error(), "scope: ")) + b.at()
	case dig.IsCycleDetected(err):
		return b.join(chain, cycle(end))
	case !ok:
		return b.join(chain, end) + b.at()
	}
	// A validation calls nothing: the name of a type that fx never has is the advice.
	if name, ok := strings.CutPrefix(missing, ": scope.unitOfWork[name="); ok && len(chain) >= hidden {
		if advice, err := strconv.Unquote(strings.TrimSuffix(name, "]")); err == nil {
			return b.join(chain[:len(chain)-hidden], advice) + b.at()
		}
	}
	return b.join(chain, end) + ": add " + maker(strings.TrimPrefix(strings.TrimPrefix(missing, "s"), ": ")) + b.at()
}

// at is the place of the option that failed, if fx has told it to b and not to
// another fxevent.Logger.
func (b *buildEvents) at() string {
	if place := b.failed.place(); place != "" {
		return " (registered at " + place + ")"
	}
	return ""
}

// plain is an error that has nothing of dig in it. fx puts a stack trace in
// front of an option's, or behind it.
func plain(err error) string {
	text := err.Error()
	if !strings.HasPrefix(text, "fx.") {
		return text
	}
	if cause := errors.Unwrap(err); cause != nil {
		return cause.Error()
	}
	text, _, _ = strings.Cut(text, " from:\n")
	return text
}

// unwrap takes an error of dig apart: what each adds to what it wraps, and the
// innermost.
func unwrap(err error) (chain []string, end string) {
	for {
		cause := errors.Unwrap(err)
		if _, ok := err.(dig.Error); !ok || cause == nil { //nolint:errorlint // each of the chain is looked at
			return chain, err.Error()
		}
		chain = append(chain, strings.TrimSuffix(strings.TrimSuffix(err.Error(), cause.Error()), ": "))
		err = cause
	}
}

// join is dig's chain without the functions that are not the application's. What a
// constructor makes that is called by package reflect, as with fx.Annotate, has
// the place of its registration instead.
func (b *buildEvents) join(chain []string, end string) string {
	var words []string
	made := "" // by the function that comes next
	for _, own := range chain {
		reflected := strings.Contains(own, ` function "reflect".`)
		if place := b.provided[made].place(); reflected && place != "" && place != b.failed.place() {
			words[len(words)-1] += " (provided at " + place + ")"
		}
		made, _ = strings.CutPrefix(own, "failed to build ")
		if !reflected && (!strings.Contains(own, ` function "github.com/fxhost/fxhost/`) || strings.Contains(own, "_test.go:")) {
			words = append(words, own)
		}
	}
	return strings.Join(append(words, end), ": ")
}

// cycle is dig's path of constructors, without the functions of package reflect.
// fx has told nobody what is registered where: a cycle keeps it from making a logger.
func cycle(path string) string {
	steps := strings.Split(path, "\n")
	for i, step := range steps {
		steps[i], _, _ = strings.Cut(step, ` provided by "reflect".`)
	}
	return strings.Join(steps, "\n")
}

// twice is the text about a type that has two constructors.
func (b *buildEvents) twice(chain []string) (string, bool) {
	if len(chain) == 0 {
		return "", false
	}
	t, ok := strings.CutPrefix(chain[len(chain)-1], "cannot provide ")
	t, _, ok2 := strings.Cut(t, " from [")
	if !ok || !ok2 {
		return "", false
	}
	first, second := b.provided[t].place(), b.failed.place()
	if first == "" {
		first = "package host"
	}
	if second == "" {
		second = "one of its options" // fx has told another fxevent.Logger
	}
	switch {
	case b.failed.by("hosted.Module"):
		return "hosted.Module is in the application twice: package host runs the services: " +
			"remove hosted.Module() or host.Module() at " + second, true
	case b.failed.by("config.Configure") && b.provided[t].by("config.Configure"):
		return fmt.Sprintf("%s is configured twice, by %s and by %s: remove one; "+
			"config.ConfigureNamed has several sections of one type", argument(t), first, second), true
	case t == "queue.Transport":
		return fmt.Sprintf("the messages have two engines, by %s and by %s: remove one", first, second), true
	case b.failed.by("background/queue."):
		return fmt.Sprintf("%s is handled or declared twice, by %s and by %s: remove one; "+
			"a message has one handler, which may call others", argument(t), first, second), true
	default:
		return fmt.Sprintf("%s is provided twice, by %s and by %s: remove one "+
			"(fx.Decorate changes what is there; hosted.AddInstance has several services of one type)", t, first, second), true
	}
}

// maker is what to add for a missing type. dig's text may go on behind the type.
func maker(missing string) string {
	const constructor = "a constructor of it with fx.Provide"
	t, _, _ := strings.Cut(missing, " ")
	name := strings.TrimPrefix(argument(t), "main.") // which nobody else can name
	switch {
	case strings.HasPrefix(t, "*config.Monitor["), strings.HasPrefix(t, "*config.Snapshot["):
		return fmt.Sprintf(`config.Configure[%s]("section")`, name)
	case strings.HasPrefix(t, "queue.Sender["):
		return fmt.Sprintf("queue.Handle[%s](constructor), or queue.Declare[%s]() if another program handles it", name, name)
	case strings.HasPrefix(t, "queue.Consumer["):
		return fmt.Sprintf("queue.Declare[%s](), in place of queue.Handle if that is there", name)
	case strings.HasPrefix(t, "queue.Handler["):
		return fmt.Sprintf("queue.Handle[%s](constructor), and take a queue.Sender[%s], whose Invoke calls the handler", name, name)
	case t == "*queue.TaskQueue":
		return "queue.AddTaskQueue(queue.TaskQueueOptions{})"
	case t == "*web.Scopes":
		return "fx.Provide(web.NewScopes)"
	case strings.HasPrefix(t, "*") && slices.ContainsFunc([]string{"Options", "Settings", "Config"}, func(suffix string) bool {
		return strings.HasSuffix(t, suffix)
	}):
		return fmt.Sprintf(`config.Configure[%s]("section") or %s`, name, constructor)
	default:
		return constructor
	}
}

// argument is the T of a type C[T], with its package as code names it, or the
// type itself.
func argument(t string) string {
	if _, inner, ok := strings.Cut(strings.TrimSuffix(t, "]"), "["); ok {
		t = inner
	}
	return strings.TrimPrefix(t[strings.LastIndex(t, "/")+1:], "*")
}
