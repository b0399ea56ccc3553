using Gatehouse.Contracts.Access;
using Gatehouse.Contracts.Errors;

namespace Gatehouse.ServiceApi.Rest.Configurations;

/// <summary><c>POST /configurations/testQueries</c></summary>
internal sealed class TestConfigurationQueries() : ApiOperation(Operations.TestConfigurationQueries, "POST", "configurations/testQueries")
{
    private const int MaxQueries = 100;

    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var body = await request.ReadJsonAsync(ConfigurationJson.Shapes.ConfigurationQueriesBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var queries = body.Value.CustomMetricQueries ?? [];
        if (queries.Count > MaxQueries)
        {
            return HubErrors.ArgumentInvalid.With($"At most {MaxQueries} queries are tested at once.");
        }

        var test = Hub.Configurations.Configurations.Test(body.Value.TargetCondition, queries.ToDictionary(query => query.Key, query => query.Value ?? ""));
        return ApiResponse.Json(
            new ConfigurationQueriesDocument { TargetConditionError = test.TargetConditionError, CustomMetricQueryErrors = test.CustomMetricQueryErrors },
            ConfigurationJson.Shapes.ConfigurationQueriesDocument);
    }
}
