//go:build !windows

package windows

import (
	"errors"

	"github.com/fxhost/fxhost/logging"
)

// isActive is false where there is no service manager. Nothing below is called then.
func (s *settings) isActive() bool { return false }

func dispatch(func(<-chan control, func(status)) uint32) error { return errors.ErrUnsupported }

func (s *settings) addEventLog(*logging.Settings) error { return nil }
