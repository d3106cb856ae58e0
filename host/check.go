package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/fxhost/fxhost/internal/outline"
)

// tellCheck answers --check: the dry run of a deployment.
func (b *Builder) tellCheck(value string, out *bytes.Buffer) error {
	if err := b.check("Run"); err != nil {
		return err
	}
	o, usable := outline.Of(b.options...)
	for _, s := range o.Sections {
		s.Claim(b.Configuration)
	}
	var errs []error
	for _, s := range o.Sections {
		errs = append(errs, s.Check(b.Configuration))
	}
	if err := errors.Join(append(errs, b.Validate())...); err != nil {
		return err
	}
	if !usable { // and yet Validate has nothing against it
		return errors.New("host: --check: fx cannot use the options")
	}
	if value == "build" {
		if err := b.buildAndStop(); err != nil {
			return err
		}
		fmt.Fprintf(out, "%s: the settings are valid, and the host can be built\n", b.name())
		return nil
	}
	fmt.Fprintf(out, "%s: the settings and the graph are valid\n", b.name())
	given, inFiles := b.Configuration.Unread()
	for _, unread := range append(given, inFiles...) {
		if hintAt(b.answers, unread.Key) == "" {
			fmt.Fprintf(out, "note: %v, unless a constructor asks for it\n", unread)
		}
	}
	return nil
}

// buildAndStop runs the constructors, and what they have to end.
func (b *Builder) buildAndStop() error {
	b.Configuration.Get("check") // is read
	b.lifetime = noLifetime{}
	b.built = false
	h, err := b.Build()
	if err != nil {
		return err
	}
	return h.Stop(context.Background())
}
