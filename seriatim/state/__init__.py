"""State of pools, workers and jobs, read in one place.

Each hash has one decoder, which makes a record of it; outside this package its fields have no names.

    {p:<pool>}:m          PoolRecord            pool_record.py, with the voices and the names of pools
    {p:<pool>}:w:<owner>  WorkerProcessState    worker_record.py
    {p:<pool>}:j:<job>    JobRecord             job_record.py
    {k:<NN>}:c:<job>      StreamRecord          stream_record.py

`PoolState` puts them together for people (pool_state.py).
"""

from seriatim.state.job_record import JobRecord as JobRecord
from seriatim.state.job_record import LiveJobState as LiveJobState
from seriatim.state.pool_record import PoolRecord as PoolRecord
from seriatim.state.pool_state import PoolState as PoolState
from seriatim.state.pool_state import RedisState as RedisState
from seriatim.state.stream_record import StreamRecord as StreamRecord
from seriatim.state.worker_record import WorkerProcessState as WorkerProcessState
