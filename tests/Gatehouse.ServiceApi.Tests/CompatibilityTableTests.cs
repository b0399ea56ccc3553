using System.Text.RegularExpressions;
using Gatehouse.Contracts.Access;
using Gatehouse.ServiceApi.Rest;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.ServiceApi.Tests;

/// <summary>docs/compatibility.md says of each operation of the service plane whether it is there; the pipeline must agree, both ways.</summary>
public sealed partial class CompatibilityTableTests(RunningApi api) : IClassFixture<RunningApi>
{
    [Fact]
    public void Every_REST_operation_is_there_exactly_where_the_page_says_yes()
    {
        var rows = Row().Matches(File.ReadAllText(Page())).Select(match => (Operation: Names().Replace(match.Groups[1].Value, "{}"), IsThere: match.Groups[2].Value == "yes")).ToList();
        var routes = api.Services.GetServices<ApiOperation>().Where(each => each.Row.Plane == Plane.Service).Select(each => Names().Replace($"{each.Method} /{each.Template}", "{}")).ToList();

        Assert.True(rows.Count > 45, $"{rows.Count} rows");
        Assert.Equal(rows.Count, rows.Select(row => row.Operation).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Equal(routes.Order(StringComparer.Ordinal), rows.Where(row => row.IsThere).Select(row => row.Operation).Order(StringComparer.Ordinal));
    }

    private static string Page()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Gatehouse.slnx")))
        {
            folder = folder.Parent!;
        }

        return Path.Combine(folder.FullName, "docs/compatibility.md");
    }

    [GeneratedRegex(@"^\| `((?:GET|PUT|POST|PATCH|DELETE) /[^`]+)` \| service \| (yes|no) \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Names();
}
