using Gatehouse.Contracts.Access;
using Gatehouse.Hub.AccessPolicies;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.AccessPolicies;

/// <summary><c>PUT /gatehouse/v1/policies/{name}</c>: creates or replaces; a key that is null, empty or absent is generated.</summary>
internal sealed class PutPolicy(SharedAccessPolicies policies) : ApiOperation(Operations.ManagePolicies, "PUT", "gatehouse/v1/policies/{name}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var ifMatch = request.IfMatch();
        if (!ifMatch.IsOk)
        {
            return ifMatch.Error;
        }

        var body = await request.ReadJsonAsync(OperatorJson.Types.PolicyBody, cancellationToken);
        if (!body.IsOk)
        {
            return body.Error;
        }

        var rights = RightsText.Parse(body.Value.Rights);
        if (!rights.IsOk)
        {
            return rights.Error;
        }

        var change = new AccessPolicyChange { Rights = rights.Value, PrimaryKey = body.Value.PrimaryKey, SecondaryKey = body.Value.SecondaryKey };
        var saved = await policies.PutAsync(request.Hub, request.Segment("name"), change, ifMatch.Value, request.Actor, cancellationToken);
        return saved.IsOk ? PolicyJson.Answer(saved.Value.Value, saved.Value.IsNew) : saved.Error;
    }
}
