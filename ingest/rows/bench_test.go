package rows

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// BenchmarkNext reads the tests' own rows over and over, with all columns
// bound; a second has 300,000 rows and more of each container.
func BenchmarkNext(b *testing.B) {
	const repeats = 20000
	csvRow := "p1,2026-02-01 07:40:28,29.00,eur,Ada Example,ada@shop.example,\"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0\"\n"
	logRow := `192.0.2.1 - - [01/Feb/2026:02:23:53 +0000] "GET /lp?ps_partner_key=YWRh&ps_xid=abc HTTP/1.1" 200 120 "https://partner.example/" "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36" "v1"` + "\n"
	jsonRow := `{"type":"page","anonymousId":"v1","timestamp":"2026-02-01T00:43:42.000Z","context":{"ip":"192.0.2.1","userAgent":"Mozilla/5.0","page":{"url":"https://www.shop.example/lp?ps_xid=abc","referrer":""}}}` + "\n"
	type row struct{ ID, Email, Paid, Currency, Agent string }
	var columns bytes.Buffer
	w := parquet.NewGenericWriter[row](&columns, parquet.Compression(&parquet.Zstd))
	if _, err := w.Write(slices.Repeat([]row{{"p1", "ada@shop.example", "2026-02-01 07:40:28", "eur", "Mozilla/5.0 (Linux; Android 10; K)"}}, repeats)); err != nil {
		b.Fatal(err)
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	for _, bench := range []struct {
		name string
		text []byte
		opt  Options
	}{
		{"csv", []byte("id,paid,amount,currency,name,email,agent\n" + strings.Repeat(csvRow, repeats)), Options{}},
		{"json", bytes.Repeat([]byte(jsonRow), repeats), Options{}},
		{"accesslog", bytes.Repeat([]byte(logRow), repeats), Options{LogFormat: `%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" "%{vid}C"`}},
		{"parquet", columns.Bytes(), Options{}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			path := write(b, "in", bench.text)
			b.SetBytes(int64(len(bench.text)))
			rows := int64(0)
			for b.Loop() {
				_, n := drain(b, path, bench.opt)
				rows += n
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
