// Lostlink finds purchases whose partner link was lost, says for each the
// likely reason with the rows that show it, and writes a workbook in which
// finance decides.
//
// Usage:
//
//	lostlink COMMAND [flags] [arguments]
//
// "lostlink help" lists the commands, "lostlink help COMMAND" tells about one.
// Flags may stand before or after the arguments, with one dash or two; "--"
// ends them.
//
// # Files
//
// Every command that reads or writes takes
//
//	-c FILE      the configuration (default lostlink.yaml)
//	--data DIR   the folder that the paths of the sources start from
//	--out DIR    the folder that reports go to
//	--state DIR  the folder that is kept from night to night
//
// The last three win over data, output and state in the configuration. A path
// on the command line starts from the working folder, one in the configuration
// from the folder of its file.
//
// # Environment
//
// Every option of the configuration but sources and lists of groups can be set
// by a variable: LOSTLINK_LAG_HOURS for lag_hours, LOSTLINK_PERIOD_START for
// period.start. A LOSTLINK_ variable that sets nothing is refused.
//
// Results go to standard output; messages, and a progress line if it is a
// terminal and neither CI nor NO_COLOR is set, to standard error.
//
// # Exit codes
//
//	0    done
//	1    failed
//	2    wrong use or configuration
//	3    done, but some input was rejected, missing or refused
//	11   another run holds the lock
//	70   a fault of lostlink itself
//	75   temporary, such as a full disk: try again later
//	130  interrupted
//
// Treat any other code as a failure.
//
// # Limitations
//
// One machine runs a configuration at a time; the lock on the state folder
// sees to it. Several can share the reading of the files, each with a state
// folder of its own: "lostlink help run", --shard. What no record shows cannot be found: the report names the
// sources that would have told more.
package main
