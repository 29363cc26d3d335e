package ingest
import (
 _ "github.com/apache/arrow/go/v15/arrow/array"
 _ "github.com/parquet-go/parquet-go"
 _ "github.com/xuri/excelize/v2"
 _ "github.com/spf13/viper"
 _ "github.com/klauspost/compress/zstd"
 _ "github.com/valyala/fastjson"
 _ "github.com/bmatcuk/doublestar/v4"
 _ "golang.org/x/net/idna"
 _ "golang.org/x/net/publicsuffix"
 _ "golang.org/x/text/unicode/norm"
 _ "github.com/rogpeppe/go-internal/testscript"
 _ "github.com/google/renameio/v2"
 _ "github.com/gofrs/flock"
 _ "pgregory.net/rapid"
 _ "go.yaml.in/yaml/v3"
)
