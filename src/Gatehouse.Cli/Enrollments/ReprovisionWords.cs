using System.Text.Json.Nodes;

namespace Gatehouse.Cli.Enrollments;

/// <summary>The words of <c>az iot dps enrollment</c> for the two flags of a re-provision policy.</summary>
internal static class ReprovisionWords
{
    private const string Migrate = "reprovisionandmigratedata";
    private const string Reset = "reprovisionandresetdata";
    private const string Never = "never";

    internal static IReadOnlyList<string> All { get; } = [Migrate, Reset, Never];

    internal static JsonObject Read(string word) => new() { ["updateHubAssignment"] = word != Never, ["migrateDeviceData"] = word == Migrate };

    internal static string? Of(JsonNode? policy) => policy is null ? null
        : !(bool)policy["updateHubAssignment"]! ? Never
        : (bool)policy["migrateDeviceData"]! ? Migrate
        : Reset;
}
