// SPDX-License-Identifier: Apache-2.0

using System.Globalization;
using System.Net;
using System.Text;

namespace SystemContainers.Bench.Report;

/// <summary>Outcomes as SVG: bars of seconds, or for growth points on two logarithmic axes with the line that was
/// fitted.</summary>
static class Chart
{
    private const int Width = 640;
    private const int Left = 210;
    private const string Ours = "#2563a8";
    private const string Theirs = "#9a9a9a";

    /// <summary>The picture, or null where a row has nothing to draw.</summary>
    public static string? Of(Outcome outcome) =>
        outcome.Samples.Count == 0 ? null
        : outcome.Samples.Any(s => s.Size is not null) ? Growth(outcome)
        : Bars(outcome);

    private static string Bars(Outcome outcome)
    {
        const int step = 30;
        bool isMemory = outcome.Unit == "MiB";
        double most = outcome.Samples.Max(s => isMemory ? s.PeakMib : s.WallMost);
        int height = 60 + (step * outcome.Samples.Count);
        StringBuilder svg = Begin(outcome, height);
        for (int i = 0; i < outcome.Samples.Count; i++)
        {
            Sample s = outcome.Samples[i];
            double value = isMemory ? s.PeakMib : s.Wall;
            int y = 44 + (step * i);
            double scale = (Width - Left - 90) / most;
            Text(svg, Left - 8, y + 14, s.Contestant, "end");
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<rect x=\"{Left}\" y=\"{y}\" width=\"{value * scale:0.0}\" height=\"20\" fill=\"{ColorOf(s)}\"/>\n"
            );
            if (!isMemory)
            {
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<path d=\"M{Left + (s.WallLeast * scale):0.0} {y + 10}H{Left + (s.WallMost * scale):0.0}\" stroke=\"#222\"/>\n"
                );
            }

            Text(
                svg,
                Left + ((isMemory ? value : s.WallMost) * scale) + 8,
                y + 14,
                string.Create(CultureInfo.InvariantCulture, $"{value:0.###} {(isMemory ? "MiB" : "s")}"),
                "start"
            );
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static string Growth(Outcome outcome)
    {
        const int height = 360,
            top = 50,
            bottom = 320,
            left = 60,
            right = Width - 30;
        Sample[] points = [.. outcome.Samples.Where(s => s.Size is > 0 && s.Wall > 0)];
        (double low, double high) x = Decades(points.Select(s => s.Size!.Value));
        (double low, double high) y = Decades(points.Select(s => s.Wall));
        StringBuilder svg = Begin(outcome, height);
        for (double d = x.low; d <= x.high; d++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{X(d):0.0} {top}V{bottom}\" stroke=\"#ddd\"/>\n");
            Text(svg, X(d), bottom + 18, Math.Pow(10, d).ToString("N0", CultureInfo.InvariantCulture), "middle");
        }

        for (double d = y.low; d <= y.high; d++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<path d=\"M{left} {Y(d):0.0}H{right}\" stroke=\"#ddd\"/>\n");
            Text(
                svg,
                left - 6,
                Y(d) + 4,
                Math.Pow(10, d).ToString("0.###", CultureInfo.InvariantCulture) + " s",
                "end"
            );
        }

        foreach (IGrouping<string, Sample> contestant in points.GroupBy(s => s.Contestant))
        {
            PowerLaw law = PowerLaw.Fit([.. contestant.Select(s => (s.Size!.Value, s.Wall))]);
            double from = Math.Log10(contestant.Min(s => s.Size!.Value)),
                to = Math.Log10(contestant.Max(s => s.Size!.Value));
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path d=\"M{X(from):0.0} {Y(law.Log10At(from)):0.0}L{X(to):0.0} {Y(law.Log10At(to)):0.0}\" stroke=\"{Ours}\"/>\n"
            );
            foreach (Sample s in contestant)
            {
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<circle cx=\"{X(Math.Log10(s.Size!.Value)):0.0}\" cy=\"{Y(Math.Log10(s.Wall)):0.0}\" r=\"4\" fill=\"{Ours}\"/>\n"
                );
            }

            Text(
                svg,
                X(to) - 8,
                Y(law.Log10At(to)) - 10,
                string.Create(CultureInfo.InvariantCulture, $"{contestant.Key}: exponent {law.Exponent:0.00}"),
                "end"
            );
        }

        return svg.Append("</svg>\n").ToString();

        double X(double log) => left + ((log - x.low) / Math.Max(1, x.high - x.low) * (right - left));
        double Y(double log) => bottom - ((log - y.low) / Math.Max(1, y.high - y.low) * (bottom - top));
    }

    private static (double Low, double High) Decades(IEnumerable<double> values)
    {
        double[] logs = [.. values.Select(Math.Log10)];
        return (Math.Floor(logs.Min()), Math.Ceiling(logs.Max()));
    }

    private static StringBuilder Begin(Outcome outcome, int height)
    {
        StringBuilder svg = new();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"12\">\n"
        );
        svg.Append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"12\" y=\"24\" font-size=\"14\">{WebUtility.HtmlEncode(outcome.Title)}</text>\n"
        );
        return svg;
    }

    private static void Text(StringBuilder svg, double x, double y, string text, string anchor) =>
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{x:0.0}\" y=\"{y:0.0}\" text-anchor=\"{anchor}\">{WebUtility.HtmlEncode(text)}</text>\n"
        );

    private static string ColorOf(Sample s) =>
        s.Contestant.StartsWith("sysctr", StringComparison.Ordinal) ? Ours : Theirs;
}
