// Package config turns a configuration file and the environment into the
// options of the stages. The options themselves, with their meaning and their
// defaults, live in the packages that use them; this one gives every option a
// key, checks what was written, and says where a mistake stands.
//
// The layers are the defaults, then the file, then environment variables:
// LOSTLINK_LAG_HOURS for lag_hours, LOSTLINK_PERIOD_START for period.start.
// The embedded example holds every option at its default.
//
// It is the only package that uses viper, and what it leaves out is the data:
// whether a source's files are there is found by reading them.
package config
