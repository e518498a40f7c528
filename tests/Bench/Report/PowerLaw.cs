// SPDX-License-Identifier: Apache-2.0

namespace SystemContainers.Bench.Report;

/// <summary>cost = factor · size^exponent, by least squares over the logarithms.</summary>
sealed record PowerLaw(double Exponent, double Log10Factor)
{
    /// <summary>The logarithm of the cost at the logarithm of a size.</summary>
    public double Log10At(double log10Size) => Log10Factor + (Exponent * log10Size);

    /// <summary>The law that is nearest to points, of which there are two or more at different sizes.</summary>
    public static PowerLaw Fit(IReadOnlyList<(double Size, double Cost)> points)
    {
        (double X, double Y)[] logs = [.. points.Select(p => (Math.Log10(p.Size), Math.Log10(p.Cost)))];
        double x = logs.Average(l => l.X),
            y = logs.Average(l => l.Y);
        double exponent = logs.Sum(l => (l.X - x) * (l.Y - y)) / logs.Sum(l => (l.X - x) * (l.X - x));
        return new PowerLaw(exponent, y - (exponent * x));
    }
}
