using System.Text.Json;
using Gatehouse.Contracts.Errors;
using Gatehouse.Hub.Configurations;
using Gatehouse.Hub.Registry;
using Gatehouse.Hub.Twins;

namespace Gatehouse.Hub.ImportExport;

/// <summary>One line of a blob of configurations.</summary>
/// <param name="Input">What it says.</param>
/// <param name="IfMatch">The version that one of this id must have; any when the line bears none.</param>
internal sealed record ImportedConfiguration(ConfigurationInput Input, IfMatch IfMatch)
{
    /// <summary>The one mode that the service SDKs know.</summary>
    private const string Mode = "createOrUpdateIfMatchETag";

    /// <summary>IotHubFormatError, ArgumentInvalid.</summary>
    internal static Result<ImportedConfiguration> Read(ReadOnlySpan<byte> text)
    {
        var body = SoundJson.Parse(text, ConfigurationInput.MaxBodyDepth);
        if (!body.IsOk)
        {
            return HubErrors.IotHubFormatError.With(body.Error.Message);
        }

        var input = ConfigurationInput.Read(body.Value);
        if (!input.IsOk)
        {
            return input.Error;
        }

        var (mode, etag) = (ConfigurationInput.Find(body.Value, "importMode"), ConfigurationInput.Find(body.Value, "etag"));
        if (mode is not null && (mode.GetValueKind() != JsonValueKind.String || !((string)mode!).Equals(Mode, StringComparison.OrdinalIgnoreCase)))
        {
            return HubErrors.ArgumentInvalid.With($"The importMode of a configuration is {Mode}.");
        }

        if (etag is not null && etag.GetValueKind() != JsonValueKind.String)
        {
            return HubErrors.ArgumentInvalid.With("The etag must be a string.");
        }

        var ifMatch = IfMatch.Parse((string?)etag);
        return !ifMatch.IsOk ? ifMatch.Error : new ImportedConfiguration(input.Value, ifMatch.Value.Kind == IfMatchKind.Absent ? IfMatch.Any : ifMatch.Value);
    }
}
